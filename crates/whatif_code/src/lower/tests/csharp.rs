//! C# idioms.

use super::{dump, has};

fn csharp(text: &str) -> String {
    dump(&[("src/Shop/Program.cs", text)])
}

/// A bus of the program's own: handlers are registered under the type of their message and looked up by the consumer.
const BUS: &str = r#"
var builder = WebApplication.CreateBuilder(args);
builder.AddBus("eventbus").AddSubscription<OrderPaid, OrderPaidHandler>();
builder.Build().Run();

public static class BusExtensions
{
    public static IBusBuilder AddBus(this IHostApplicationBuilder builder, string name)
    {
        builder.AddRabbitMQClient(name);
        builder.Services.AddSingleton<IBus, RabbitBus>();
        builder.Services.AddSingleton<IHostedService>(sp => (RabbitBus)sp.GetRequiredService<IBus>());
        return new BusBuilder(builder.Services);
    }
    private class BusBuilder(IServiceCollection services) : IBusBuilder { public IServiceCollection Services => services; }
    public static IBusBuilder AddSubscription<T, TH>(this IBusBuilder bus) where TH : class, IHandler<T>
    {
        bus.Services.AddKeyedTransient<IHandler, TH>(typeof(T));
        return bus;
    }
}
public interface IBus { Task PublishAsync(Event e); }
public interface IBusBuilder { IServiceCollection Services { get; } }
public interface IHandler { Task Handle(Event e); }
public record Event { public Guid Id { get; set; } = Guid.NewGuid(); }
public record OrderPaid(int OrderId) : Event;
public record OrderShipped(int OrderId) : Event;
public class OrderPaidHandler(IBus bus) : IHandler<OrderPaid>
{
    public async Task Handle(OrderPaid e) { await bus.PublishAsync(new OrderShipped(e.OrderId)); }
}
public class RabbitBus(IServiceProvider services, ILogger<RabbitBus> logger) : IBus, IHostedService
{
    private IChannel _channel;
    public Task StartAsync(CancellationToken token)
    {
        _ = Task.Factory.StartNew(async () =>
        {
            _channel = await services.GetRequiredService<IConnection>().CreateChannelAsync();
            var consumer = new AsyncEventingBasicConsumer(_channel);
            consumer.ReceivedAsync += OnMessageReceived;
            await _channel.BasicConsumeAsync(queue: "q", autoAck: false, consumer: consumer);
        });
        return Task.CompletedTask;
    }
    private async Task OnMessageReceived(object sender, BasicDeliverEventArgs args)
    {
        try { await Process(args.RoutingKey); } catch (Exception e) { logger.LogWarning(e, "x"); }
        await _channel.BasicAckAsync(args.DeliveryTag, false);
    }
    private async Task Process(string name)
    {
        foreach (var handler in services.GetKeyedServices<IHandler>(name)) await handler.Handle(message);
    }
    public async Task PublishAsync(Event e) { await _channel.BasicPublishAsync("x", e.GetType().Name, null); }
}
"#;

#[test]
fn handlers_of_an_own_bus_run_inside_its_consumer() {
    has(
        &csharp(BUS),
        "
         message OrderPaid = OrderPaidHandler
           from rabbitmq OrderPaid@${ConnectionStrings:eventbus} auto-ack false
           new identity
           publish -> rabbitmq OrderShipped@${ConnectionStrings:eventbus} [timeout 20000 ms, deadline false, trace true] log
           ack -> rabbitmq OrderPaid@${ConnectionStrings:eventbus}",
    );
}

/// A mediator with a behaviour that opens a transaction, domain events and a unit of work.
const MEDIATOR: &str = r#"
var builder = WebApplication.CreateBuilder(args);
builder.AddNpgsqlDbContext<Ctx>("orderingdb");
builder.Services.AddScoped<IRepo, Repo>();
builder.Services.AddMediatR(cfg => { cfg.AddOpenBehavior(typeof(Tx<,>)); });
var app = builder.Build();
app.MapGroup("api").MapPut("/pay/{id:int}", Api.Pay);
app.Run();

public static class Api
{
    public static async Task<Ok> Pay([FromHeader(Name = "x-requestid")] Guid requestId, PayCommand command, IMediator mediator)
    {
        await mediator.Send(command);
        return TypedResults.Ok();
    }
}
public record PayCommand(int Id) : IRequest<bool>;
public record Paid(int Id) : INotification;
public class PaidHandler(Ctx ctx) : INotificationHandler<Paid>
{
    public async Task Handle(Paid n, CancellationToken t) { ctx.Set<Letter>().Add(new Letter()); }
}
public class PayHandler(IRepo repo) : IRequestHandler<PayCommand, bool>
{
    public async Task<bool> Handle(PayCommand c, CancellationToken t)
    {
        var order = await repo.GetAsync(c.Id);
        order.SetPaid();
        return await repo.UnitOfWork.SaveEntitiesAsync(t);
    }
}
public interface IUnitOfWork { Task<bool> SaveEntitiesAsync(CancellationToken t = default); }
public interface IRepo { IUnitOfWork UnitOfWork { get; } Task<Order> GetAsync(int id); }
public class Repo : IRepo
{
    private readonly Ctx _ctx;
    public IUnitOfWork UnitOfWork => _ctx;
    public Repo(Ctx ctx) { _ctx = ctx ?? throw new ArgumentNullException(nameof(ctx)); }
    public async Task<Order> GetAsync(int id) => await _ctx.Orders.FindAsync(id);
}
public class Letter { }
public class Order { public string Status { get; private set; } public void SetPaid() { Status = "paid"; new Paid(1); } }
public class Ctx : DbContext, IUnitOfWork
{
    private readonly IMediator _mediator;
    private IDbContextTransaction _tx;
    public DbSet<Order> Orders { get; set; }
    public bool HasTx => _tx != null;
    public Ctx(DbContextOptions<Ctx> o) : base(o) { }
    public Ctx(DbContextOptions<Ctx> o, IMediator mediator) : base(o) { _mediator = mediator; }
    public async Task<IDbContextTransaction> BeginAsync() { if (_tx != null) return null; _tx = await Database.BeginTransactionAsync(); return _tx; }
    public async Task CommitAsync(IDbContextTransaction t) { try { await SaveChangesAsync(); await t.CommitAsync(); } catch { throw; } }
    public async Task<bool> SaveEntitiesAsync(CancellationToken t = default)
    {
        foreach (var e in ChangeTracker.Entries()) await _mediator.Publish(e);
        await base.SaveChangesAsync(t);
        return true;
    }
}
public class Tx<TRequest, TResponse>(Ctx db, HttpClient http) : IPipelineBehavior<TRequest, TResponse>
{
    public async Task<TResponse> Handle(TRequest request, RequestHandlerDelegate<TResponse> next, CancellationToken token)
    {
        if (db.HasTx) return await next();
        await using var tx = await db.BeginAsync();
        using (logger.BeginScope(1)) { var response = await next(); await db.CommitAsync(tx); }
        await http.PostAsync("http://after/done", null);
        return response;
    }
}
"#;

#[test]
fn a_message_passes_the_behaviours_of_a_mediator_and_its_events_their_handlers() {
    let flows = csharp(MEDIATOR);
    has(
        &flows,
        "
         HTTP PUT /api/pay/{id} = Pay
           key read x-requestid
           transaction postgresql @${ConnectionStrings:orderingdb}
             read Order -> postgresql @${ConnectionStrings:orderingdb}",
    );
    has(&flows, "write Letter Insert -> postgresql @${ConnectionStrings:orderingdb}");
    has(&flows, "write Order Set -> postgresql @${ConnectionStrings:orderingdb}");
    has(&flows, "    call http POST /done -> http @http://after/done");
}

#[test]
fn clients_are_what_they_were_configured_to_be() {
    let flows = csharp(
        r#"
var builder = WebApplication.CreateBuilder(args);
builder.Services.ConfigureHttpClientDefaults(http => { http.AddStandardResilienceHandler(); });
builder.Services.AddHttpClient<Catalog>(o => o.BaseAddress = new("https+http://catalog-api"));
builder.Services.AddGrpcClient<Basket.BasketClient>(o => o.Address = new("http://basket-api"));
var app = builder.Build();
app.MapPost("/orders", async (Catalog catalog, Basket.BasketClient basket) => { await catalog.Take(); await basket.ClearAsync(new()); });
app.Run();
public class Catalog(HttpClient http) { public Task Take() => http.PostAsync("/take", null); }
"#,
    );
    has(&flows, "call http POST /take -> http @https+http://catalog-api/take [timeout 30000 ms, retry x4 growing");
    has(&flows, "call grpc Basket/ClearAsync -> grpc Basket@http://basket-api [timeout 30000 ms, retry x4 growing");
}

#[test]
fn a_poll_of_a_background_service_is_a_schedule() {
    let flows = csharp(
        r#"
var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddHostedService<Poll>();
builder.Build().Run();
public class Poll(HttpClient http) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken token)
    {
        while (!token.IsCancellationRequested)
        {
            await http.PostAsync("http://orders/expire", null);
            await Task.Delay(TimeSpan.FromSeconds(30), token);
        }
    }
}
"#,
    );
    has(
        &flows,
        "
         schedule every 30 s = ExecuteAsync
           call http POST /expire -> http @http://orders/expire",
    );
}
